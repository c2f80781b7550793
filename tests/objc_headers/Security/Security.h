// Declarations of our own of the keychain and of authorizations, as in Foundation.h beside this.
#pragma once
#include <Foundation/Foundation.h>

typedef const void *CFTypeRef;
typedef const struct __CFString *CFStringRef;
typedef const struct __CFDictionary *CFDictionaryRef;
static inline id CFBridgingRelease(CFTypeRef object) { return (__bridge_transfer id)object; }

typedef int32_t OSStatus;
enum { errSecSuccess = 0, errSecItemNotFound = -25300 };

extern const CFStringRef kSecClass, kSecClassGenericPassword, kSecAttrService, kSecAttrAccount, kSecAttrAccessGroup;
extern const CFStringRef kSecAttrAccessible, kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, kSecValueData;
extern const CFStringRef kSecReturnData, kSecMatchLimit, kSecMatchLimitOne, kSecUseDataProtectionKeychain;

OSStatus SecItemAdd(CFDictionaryRef attributes, CFTypeRef *result);
OSStatus SecItemUpdate(CFDictionaryRef query, CFDictionaryRef attributes);
OSStatus SecItemDelete(CFDictionaryRef query);
OSStatus SecItemCopyMatching(CFDictionaryRef query, CFTypeRef *result);

// Authorization.h
typedef const struct AuthorizationOpaqueRef *AuthorizationRef;
typedef uint32_t AuthorizationFlags;
typedef struct { const char *name; size_t valueLength; void *value; uint32_t flags; } AuthorizationItem;
typedef struct { uint32_t count; AuthorizationItem *items; } AuthorizationRights;
enum { kAuthorizationExternalFormLength = 32 };
typedef struct { char bytes[kAuthorizationExternalFormLength]; } AuthorizationExternalForm;
enum { errAuthorizationSuccess = 0 };
enum {
    kAuthorizationFlagDefaults = 0,
    kAuthorizationFlagInteractionAllowed = 1 << 0,
    kAuthorizationFlagExtendRights = 1 << 1,
    kAuthorizationFlagPreAuthorize = 1 << 4,
};
OSStatus AuthorizationCreateFromExternalForm(const AuthorizationExternalForm *form, AuthorizationRef *reference);
OSStatus AuthorizationCopyRights(
    AuthorizationRef reference, const AuthorizationRights *rights, const void *environment, AuthorizationFlags flags,
    AuthorizationRights **authorized);
OSStatus AuthorizationFree(AuthorizationRef reference, AuthorizationFlags flags);
