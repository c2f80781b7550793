"""The tables of the masking: the tokens it looks at, and the names of macros that it knows."""

from __future__ import annotations

import re

# The pattern begins with one set of bytes, which lets `re` skip everything else at the speed of a byte search; what
# follows tells by look-behind which of them it was. No alternative fails after more than a line.
TOKEN = re.compile(
    rb"""[/"'\#@A-Z_](?:
      (?<=/)  (?P<comment> /[^\n]* | \*(?s:.*?)(?:\*/|\Z) )
    | (?<=")  (?P<string> [^"\\\n]*(?:\\(?s:.)[^"\\\n]*)*"? )
    | (?<=')  (?P<char> [^'\\\n]*(?:\\.[^'\\\n]*)*' )
    | (?<=\#) (?P<directive> [ \t]*[a-z_]+
          (?:[^\\\n/"]+|\\(?:\r\n|(?s:.))|/(?:\*(?s:.*?)(?:\*/|\Z)|/[^\n]*)?|"[^"\\\n]*(?:\\(?s:.)[^"\\\n]*)*"?)* )
    | (?<=@)  (?: (?P<header> (?:interface|implementation)\b[^\n;{@/"]*; ) | (?P<protocol> protocol(?=[ \t]*\() )
          | (?P<declared> (?:interface|protocol|implementation)\b ) )
    | (?<=[A-Z])(?<!\w\w)(?P<macro>
          (?:[A-Z0-9]*_[A-Z0-9_]+|(?<=[AICEUW])(?:NUSED|XTERN|NLINE|PIENTRY|INAPI|ALLBACK|BInspectable))(?!\w) )
    | (?<=_)(?<!\w\w)(?P<under> (?:
          Atomic(?=\() | Nullable(?:_result)? | Nonnull | Null_unspecified | Noreturn
        | _(?: attribute(?:__)? | BEGIN_DECLS | END_DECLS | nonnull | nullable | unused | used | dead2 | pure2? | pascal
             | deprecated\w* | printflike | scanflike | extension__ | declspec | cdecl | stdcall | restrict | noreturn
             | counted_by | sized_by | alloc_size | result_use_check | header_always_inline
             | (?:OSX|IOS|TVOS|WATCHOS|API|objc|swift|ptrauth|enum|options|weak)_\w+ ) )\b ) )""",
    re.X,
)

# Macros of the system that only decorate a declaration.
DECORATION = re.compile(
    rb"""(?:NS|CF)_(?: ASSUME_NONNULL | HEADER_AUDIT | IMPLICIT_BRIDGING | EXTERN_C | RETURNS | SWIFT | AVAILABLE
        | DEPRECATED | CLASS_ | EXTENSION_ | FORMAT_ | BRIDGED_ | CONSUME | RELEASES_ | WARN_ | REFINED_ | REQUIRES_
        | TYPED_ | STRING_ENUM | EXTENSIBLE_ | DESIGNATED_ | UNAVAILABLE | ROOT_CLASS | NO_TAIL_CALL | VALID_UNTIL
        | PROTOCOL_ | AUTOMATED_REFCOUNT | ENUM_AVAILABLE | ENUM_DEPRECATED | INLINE | NOESCAPE )\w*
    | (?:API|OS|XPC|DISPATCH|SPI|IB|XCT|SEC|CA|CV|CM|AV|OBJC)_(?: AVAILABLE | UNAVAILABLE | DEPRECATED | OBSOLETED
        | PURE | NONNULL | NOTHROW | WARN_ | MALLOC | RETURNS_ | DECL | SWIFT_ | DESIGN | NOINLINE | ALWAYS_ | REFINED_
        | ASSUME_ | COLD | WEAK_ | ROOT_ | OBJECT_ )\w*
    | ABSL_\w+ | UI_APPEARANCE_SELECTOR | IBInspectable | UNUSED | EXTERN | INLINE | APIENTRY | WINAPI | CALLBACK
    | (?:DEPRECATED|UNAVAILABLE|WEAK_IMPORT|DEPRECATED_MSG)_ATTRIBUTE | (?:[A-Z]+_)?(?:BEGIN|END)_DECLS
    | (?:FOUNDATION|UIKIT|APPKIT|OBJC|CG|CF|XCTEST)_(?:EXPORT|EXTERN)""",
    re.X,
)

# A project's own macros whose ending tells the same, unless they stand as a value.
TELLING = re.compile(
    rb"""[A-Z][A-Z0-9]*_(?:[A-Z0-9]+_)*(?:
        EXPORT | EXTERN | EXTERNAL | EXTERN_C(?:_BEGIN|_END)? | API | INLINE | DIRECT(?:_MEMBERS)? | FINAL
      | DEPRECATED(?:_MSG|_WITH_MESSAGE)? | ATTRIBUTE | UNAVAILABLE | AVAILABLE | AND_LATER | SUBCLASSING_RESTRICTED
      | NOESCAPE | REQUIRES_SUPER | NOINLINE | VISIBLE | PUBLIC | EXPORTED | HIDDEN | UNUSED | NORETURN | NULLABLE
      | NONNULL | INTERNAL | LOCAL | COLD | (?:INTERNAL|LOCAL|EXTERNAL)_DECL | DECLSPEC | WEAK_IMPORT | VISIBILITY )""",
    re.X,
)
WORD_ALONE = re.compile(rb"[ \t]*[A-Za-z_]\w*[ \t]+")
NEVER_CALLED = re.compile(
    rb"\w*(?:NOESCAPE|INLINE|EXPORT|EXTERN|BEGIN|END|NULLABLE|NONNULL|UNUSED|DECLS?)"
    rb"|__unused|__used|__extension__|__n(?:on|ulla)\w+|_N\w+|__cdecl|__stdcall|__pascal|__restrict"
)
ENUMERATION = re.compile(rb"\w+_(?:CLOSED_|ERROR_)?(?:ENUM|OPTIONS)")
REACT_METHOD = re.compile(rb"RCT_(?:EXPORT|EXTERN|REMAP)_\w*METHOD")
LOOP = re.compile(rb"FOR_\w+|\w*FOR_?EACH\w*")
KEYWORD_BEFORE = re.compile(rb"(?<!\w)(?:return|case|goto|else|in|sizeof|typeof|struct|enum|union|class|define)\Z")

# What tells Objective-C from C, and the words that are names in C alone.
OBJECTIVE_C = re.compile(
    rb"""@(?: ["\[{(] | (?:interface|implementation|protocol|class|property|import|selector|synchronized|autoreleasepool
      |try|available|encode)\b ) | \#[ \t]*import\b | \bNS[A-Z]\w | ^[-+][ \t]*\(""",
    re.X | re.M,
)
C_NAMES = re.compile(rb"\b(?:id|in|out|inout|bycopy|byref|oneway|Class|SEL|IMP)\b")
