"""libxpc and the C library as the rules on raw messages know them: what may give NULL, and who cannot bear it.

The header documents it: a getter gives NULL (0, -1) for a key that is missing or a value of another type, and the
parameters of the accessors are nonnull.
"""

from __future__ import annotations

import re

TEXTS = frozenset({"xpc_dictionary_get_string", "xpc_array_get_string", "xpc_string_get_string_ptr"})
DATA = frozenset({"xpc_dictionary_get_data", "xpc_array_get_data", "xpc_data_get_bytes_ptr"})
UUIDS = frozenset({"xpc_dictionary_get_uuid", "xpc_array_get_uuid", "xpc_uuid_get_bytes"})
POINTERS = TEXTS | DATA | UUIDS
OBJECTS = frozenset({"xpc_dictionary_get_value", "xpc_array_get_value"})
CONTAINERS = frozenset(
    {
        "xpc_dictionary_get_dictionary",
        "xpc_dictionary_get_array",
        "xpc_array_get_dictionary",
        "xpc_array_get_array",
    }
)
CONNECTIONS = frozenset({"xpc_dictionary_create_connection"})
DESCRIPTORS = frozenset({"xpc_dictionary_dup_fd", "xpc_array_dup_fd", "xpc_fd_dup"})
MAY_BE_NULL = POINTERS | OBJECTS | CONTAINERS | CONNECTIONS
OF_VALUE = frozenset({"xpc_string_get_string_ptr", "xpc_data_get_bytes_ptr", "xpc_uuid_get_bytes"})
"""Getters that give a pointer as soon as their argument is of the right type."""

BRIDGE = "_CFXPCCreateCFObjectFromXPCObject"
"""Makes an object of Core Foundation out of one of XPC: of which class, the sender decides."""

CLASS_TESTS = frozenset({"isKindOfClass:", "isMemberOfClass:", "CFGetTypeID"})
OF_ANY_CLASS = CLASS_TESTS | frozenset(
    {"respondsToSelector:", "class", "description", "retain", "autorelease", "release"}
)
"""Messages that objects of all classes understand."""

WAITING = frozenset({"xpc_connection_send_message_with_reply_sync"})
HANDLER_SETTERS = {"xpc_connection_set_event_handler": 1, "xpc_connection_send_message_with_reply": 3}
"""Who calls a handler with an event, and which argument is the handler."""

ERROR_KEYS = frozenset({"XPC_ERROR_KEY_DESCRIPTION", "XPC_EVENT_KEY_NAME"})
ERROR = "XPC_TYPE_ERROR"
MESSAGE = "XPC_TYPE_DICTIONARY"

ACCESSOR = re.compile(
    r"xpc_(?:(?:dictionary|array)_(?:get_(?!count$)\w+|apply|dup_fd|create_connection|copy_mach_send|set_\w+)"
    r"|(?:bool|int64|uint64|double|date)_get_value|(?:string|data|uuid)_get_\w+|fd_dup|shmem_map"
    r"|connection_create_from_endpoint)$"
)
"""Functions whose first argument must be an object: they do not take NULL."""

READER = re.compile(
    r"xpc_dictionary_(?:get_\w+|apply|dup_fd|create_reply|create_connection)$|xpc_connection_(?!send_message)\w+$"
)
"""What takes an event for a message, or for a connection."""

ELEMENT = re.compile(r"xpc_array_(?:get_(?!count$)\w+|dup_fd)$")
COUNTS = frozenset({"xpc_array_get_count", "xpc_data_get_length", "xpc_string_get_length"})

NULL_SINKS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(
        ("strlen", "strdup", "strndup", "strchr", "strrchr", "strtok", "strtok_r", "strsep", "strtol", "strtoul"), (0,)
    ),
    **dict.fromkeys(("strtoll", "strtoull", "strtod", "atoi", "atol", "atoll", "atof", "sscanf", "getenv"), (0,)),
    **dict.fromkeys(("strcmp", "strncmp", "strcasecmp", "strncasecmp", "strstr", "strcasestr", "strpbrk"), (0, 1)),
    **dict.fromkeys(("strcpy", "strncpy", "strlcpy", "strcat", "strncat", "strlcat", "stpcpy"), (1,)),
    **dict.fromkeys(("CFStringCreateWithCString", "CFStringCreateWithCStringNoCopy", "setenv"), (1,)),
    **dict.fromkeys(("CFStringCreateWithFileSystemRepresentation", "CFURLCreateFromFileSystemRepresentation"), (1,)),
    **dict.fromkeys(("uuid_unparse", "uuid_unparse_lower", "uuid_unparse_upper", "uuid_is_null"), (0,)),
    **dict.fromkeys(("uuid_copy",), (1,)),
    **dict.fromkeys(("uuid_compare",), (0, 1)),
    **dict.fromkeys(("std::string", "std::string_view", "std::filesystem::path", "string", "string_view"), (0,)),
    **dict.fromkeys(("stringWithUTF8String:", "initWithUTF8String:", "stringWithCString:encoding:"), (0,)),
    **dict.fromkeys(("initWithCString:encoding:", "stringWithFileSystemRepresentation:length:"), (0,)),
    **dict.fromkeys(("fileURLWithFileSystemRepresentation:isDirectory:relativeToURL:",), (0,)),
    **dict.fromkeys(("xpc_string_create", "xpc_uuid_create"), (0,)),
    **dict.fromkeys(("xpc_dictionary_set_string", "xpc_dictionary_set_uuid"), (2,)),
}
"""Functions that read through a pointer (or raise on NULL), and which of their arguments."""

COPIES: dict[str, int] = {"memcpy": 1, "memmove": 1, "memcmp": 0, "bcopy": 0}
"""Functions that read as many bytes as their last argument says, and from which argument."""

DESCRIPTOR_SINKS = frozenset(
    {
        "FileHandle",
        "initWithFileDescriptor:",
        "initWithFileDescriptor:closeOnDealloc:",
        "fdopen",
        "dup2",
        "dispatch_io_create",
        "dispatch_source_create",
    }
)
"""What raises, crashes or takes another file for a descriptor of -1."""

TEXT_TYPES = re.compile(r"^(?:const\s+)?(?:std::)?(?:string|string_view|filesystem::path)\b(?!\s*\*)")
BOXED_TYPES = re.compile(r"^(?:const\s+)?NSString\s*\*")
ASSERTIONS = re.compile(
    r"assert|assure|ensure|precondition|(?:^|_)(?:require|check|expect|guard|unless)(?:_|$)|verify$|_if_(?:null|nil)$",
    re.I,
)
"""Macros and functions that leave unless their first argument holds."""

REFUSALS = re.compile(r"(?:^|_)(?:bail|return|goto|fail|exit|reject|error|break)(?:_out)?_(?:if|when)(?:_|$)", re.I)
"""Macros that leave when their first argument holds."""

LIBRARY = re.compile(
    r"^(?:xpc_|str|mem|uuid_|CF|Sec|dispatch_|syslog$|os_log|NS|[fsv]*n?printf$|open|access|stat|l?stat$|printf)"
)
"""Functions of the system: calling one with a value is no check of it."""

AUTHORITY = re.compile(r"peer|client|caller|connection|code|sign|trust|auth|entitle|privilege|secur", re.I)
"""In names of functions that look at who sent a message, not at what it holds."""
