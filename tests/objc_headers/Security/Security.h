// Declarations of our own of the keychain, as in Foundation.h beside this.
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
