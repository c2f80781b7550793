// What the examples use of libxpc, declared as its header declares it.
#pragma once
#include <dispatch/dispatch.h>
#include <stddef.h>
#include <stdint.h>

typedef void *xpc_object_t;
typedef void *xpc_connection_t;
typedef const struct _xpc_type_s *xpc_type_t;
typedef void (^xpc_handler_t)(xpc_object_t object);

extern const struct _xpc_type_s _xpc_type_error, _xpc_type_dictionary, _xpc_type_connection;
#define XPC_TYPE_ERROR (&_xpc_type_error)
#define XPC_TYPE_DICTIONARY (&_xpc_type_dictionary)
#define XPC_TYPE_CONNECTION (&_xpc_type_connection)

extern const struct _xpc_dictionary_s _xpc_error_connection_invalid;
#define XPC_ERROR_CONNECTION_INVALID ((xpc_object_t)&_xpc_error_connection_invalid)

extern xpc_type_t xpc_get_type(xpc_object_t object);
extern const char *xpc_dictionary_get_string(xpc_object_t dictionary, const char *key);
extern int64_t xpc_dictionary_get_int64(xpc_object_t dictionary, const char *key);
extern _Bool xpc_dictionary_get_bool(xpc_object_t dictionary, const char *key);
extern int xpc_dictionary_dup_fd(xpc_object_t dictionary, const char *key);
extern xpc_connection_t xpc_connection_create(const char *name, dispatch_queue_t queue);
extern void xpc_connection_cancel(xpc_connection_t connection);
extern char *xpc_copy_description(xpc_object_t object);
extern void xpc_connection_set_event_handler(xpc_connection_t connection, xpc_handler_t handler);
extern void xpc_connection_resume(xpc_connection_t connection);
extern void xpc_connection_send_message_with_reply(xpc_connection_t connection, xpc_object_t message,
                                                   dispatch_queue_t queue, xpc_handler_t handler);
extern xpc_object_t xpc_connection_send_message_with_reply_sync(xpc_connection_t connection, xpc_object_t message);
