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

typedef NSObject *xpc_session_t;
typedef NSObject *xpc_listener_t;
typedef NSObject *xpc_rich_error_t;
typedef enum { XPC_SESSION_CREATE_NONE = 0, XPC_SESSION_CREATE_INACTIVE = 1 } xpc_session_create_flags_t;
typedef enum { XPC_LISTENER_CREATE_NONE = 0, XPC_LISTENER_CREATE_INACTIVE = 1 } xpc_listener_create_flags_t;

extern xpc_session_t xpc_session_create_xpc_service(const char *name, dispatch_queue_t queue,
                                                    xpc_session_create_flags_t flags, xpc_rich_error_t *error);
extern void xpc_session_set_cancel_handler(xpc_session_t session, void (^handler)(xpc_rich_error_t error));
extern _Bool xpc_session_activate(xpc_session_t session, xpc_rich_error_t *error);
extern void xpc_session_send_message_with_reply_async(xpc_session_t session, xpc_object_t message,
                                                      void (^handler)(xpc_object_t reply, xpc_rich_error_t error));
extern xpc_listener_t xpc_listener_create(const char *name, dispatch_queue_t queue, xpc_listener_create_flags_t flags,
                                          void (^handler)(xpc_session_t peer), xpc_rich_error_t *error);
extern _Bool xpc_listener_activate(xpc_listener_t listener, xpc_rich_error_t *error);
extern void xpc_listener_cancel(xpc_listener_t listener);
