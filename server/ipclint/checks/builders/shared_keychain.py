"""The helper that keeps secrets in the keychain of an app group: one type, written once, in Swift or Objective-C."""

from __future__ import annotations

NAME = "SharedKeychain"


def files(folder: str, swift: bool, data_protection: str) -> tuple[tuple[str, str], ...]:
    """(path, text) of the new files in `folder`. `data_protection` says how macOS is told to use the keychain that
    knows access groups: "" (no target for the Mac), "always" or "checked" (some target runs on less than 10.15)."""
    prefix = f"{folder}/" if folder else ""
    if swift:
        made = "var item: [CFString: Any] = " if data_protection else ""
        text = _SWIFT.replace("«ITEM»", made).replace("«MAC»\n", _SWIFT_MAC[data_protection])
        return ((f"{prefix}{NAME}.swift", text),)
    implementation = _OBJC.replace("«MAC»\n", _OBJC_MAC[data_protection])
    return (f"{prefix}{NAME}.h", _HEADER), (f"{prefix}{NAME}.m", implementation)


_SWIFT = """\
import Foundation
import Security

/// Secrets that the programs of an app group share, in the keychain. Each target that compiles this file needs the
/// group in its entitlements: its id is a keychain access group as well. What an older version left in the user
/// defaults of the group is moved when it is read, and removed when it is replaced.
struct SharedKeychain {
    /// The keychain refused: `status` says why.
    struct Failure: Error, CustomStringConvertible {
        let status: OSStatus

        var description: String {
            SecCopyErrorMessageString(status, nil) as String? ?? "keychain error \\(status)"
        }
    }

    let group: String

    /// Keeps a text; nil removes it.
    func set(_ secret: String?, forKey key: String) throws {
        try set(secret.map { Data($0.utf8) }, forKey: key)
    }

    /// Keeps data; nil removes it. Other programs of the group can read it once the device was unlocked.
    func set(_ secret: Data?, forKey key: String) throws {
        guard let secret = secret else { return try removeObject(forKey: key) }
        let content: [CFString: Any] = [
            kSecValueData: secret,
            kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
        ]
        var status = SecItemUpdate(item(key) as CFDictionary, content as CFDictionary)
        if status == errSecItemNotFound {
            status = SecItemAdd(item(key).merging(content) { $1 } as CFDictionary, nil)
        }
        guard status == errSecSuccess else { throw Failure(status: status) }
        UserDefaults(suiteName: group)?.removeObject(forKey: key)
    }

    func removeObject(forKey key: String) throws {
        UserDefaults(suiteName: group)?.removeObject(forKey: key)
        let status = SecItemDelete(item(key) as CFDictionary)
        guard status == errSecSuccess || status == errSecItemNotFound else { throw Failure(status: status) }
    }

    func string(forKey key: String) -> String? {
        data(forKey: key).flatMap { String(data: $0, encoding: .utf8) }
    }

    /// Nil when there is none, and, with a line in the log, when the keychain cannot be read now.
    func data(forKey key: String) -> Data? {
        let query = item(key).merging([kSecReturnData: true, kSecMatchLimit: kSecMatchLimitOne]) { $1 }
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &found)
        if status == errSecItemNotFound { return adopt(key) }
        guard status == errSecSuccess else {
            NSLog("%@ cannot be read: %@", key, Failure(status: status).description)
            return nil
        }
        return found as? Data
    }

    /// Moves what an older version kept in the defaults.
    private func adopt(_ key: String) -> Data? {
        let old = UserDefaults(suiteName: group)?.object(forKey: key)
        guard let secret = old as? Data ?? (old as? String).map({ Data($0.utf8) }) else { return nil }
        do {
            try set(secret, forKey: key)
        } catch {
            NSLog("%@ cannot be moved to the keychain: %@", key, String(describing: error))
        }
        return secret
    }

    private func item(_ key: String) -> [CFString: Any] {
        «ITEM»[
            kSecClass: kSecClassGenericPassword,
            kSecAttrService: group,
            kSecAttrAccount: key,
            kSecAttrAccessGroup: group,
        ]
«MAC»
    }
}
"""

_SWIFT_MAC = {
    "": "",
    "always": """\
        #if os(macOS)
        item[kSecUseDataProtectionKeychain] = true
        #endif
        return item
""",
    "checked": """\
        #if os(macOS)
        if #available(macOS 10.15, *) {
            item[kSecUseDataProtectionKeychain] = true
        }
        #endif
        return item
""",
}

_HEADER = """\
#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

/// Secrets that the programs of an app group share, in the keychain. Each target that compiles this file needs the
/// group in its entitlements: its id is a keychain access group as well. What an older version left in the user
/// defaults of the group is moved when it is read, and removed when it is replaced.
@interface SharedKeychain : NSObject

+ (instancetype)keychainForGroup:(NSString *)group;

/// Keeps a text or data; nil removes it. NO, with a line in the log, when the keychain refuses.
- (BOOL)setString:(nullable NSString *)secret forKey:(NSString *)key;
- (BOOL)setData:(nullable NSData *)secret forKey:(NSString *)key;
- (BOOL)removeObjectForKey:(NSString *)key;

/// Nil when there is none, and, with a line in the log, when the keychain cannot be read now.
- (nullable NSString *)stringForKey:(NSString *)key;
- (nullable NSData *)dataForKey:(NSString *)key;

@end

NS_ASSUME_NONNULL_END
"""

_OBJC = """\
#import "SharedKeychain.h"
#import <Security/Security.h>

@interface SharedKeychain ()
@property (nonatomic, copy) NSString *group;
@end

@implementation SharedKeychain

+ (instancetype)keychainForGroup:(NSString *)group {
    SharedKeychain *keychain = [[self alloc] init];
    keychain.group = group;
    return keychain;
}

- (BOOL)setString:(NSString *)secret forKey:(NSString *)key {
    return [self setData:[secret dataUsingEncoding:NSUTF8StringEncoding] forKey:key];
}

- (BOOL)setData:(NSData *)secret forKey:(NSString *)key {
    if (secret == nil) {
        return [self removeObjectForKey:key];
    }
    NSDictionary *content = @{
        (__bridge id)kSecValueData : secret,
        (__bridge id)kSecAttrAccessible : (__bridge id)kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
    };
    NSMutableDictionary *item = [self itemForKey:key];
    OSStatus status = SecItemUpdate((__bridge CFDictionaryRef)item, (__bridge CFDictionaryRef)content);
    if (status == errSecItemNotFound) {
        [item addEntriesFromDictionary:content];
        status = SecItemAdd((__bridge CFDictionaryRef)item, NULL);
    }
    if (status != errSecSuccess) {
        NSLog(@"%@ cannot be kept in the keychain: %d", key, (int)status);
        return NO;
    }
    [[self defaults] removeObjectForKey:key];
    return YES;
}

- (BOOL)removeObjectForKey:(NSString *)key {
    [[self defaults] removeObjectForKey:key];
    OSStatus status = SecItemDelete((__bridge CFDictionaryRef)[self itemForKey:key]);
    if (status != errSecSuccess && status != errSecItemNotFound) {
        NSLog(@"%@ cannot be removed from the keychain: %d", key, (int)status);
        return NO;
    }
    return YES;
}

- (NSString *)stringForKey:(NSString *)key {
    NSData *secret = [self dataForKey:key];
    return secret ? [[NSString alloc] initWithData:secret encoding:NSUTF8StringEncoding] : nil;
}

- (NSData *)dataForKey:(NSString *)key {
    NSMutableDictionary *query = [self itemForKey:key];
    query[(__bridge id)kSecReturnData] = @YES;
    query[(__bridge id)kSecMatchLimit] = (__bridge id)kSecMatchLimitOne;
    CFTypeRef found = NULL;
    OSStatus status = SecItemCopyMatching((__bridge CFDictionaryRef)query, &found);
    if (status == errSecItemNotFound) {
        return [self adopt:key];
    }
    if (status != errSecSuccess) {
        NSLog(@"%@ cannot be read from the keychain: %d", key, (int)status);
        return nil;
    }
    return CFBridgingRelease(found);
}

// Moves what an older version kept in the defaults.
- (NSData *)adopt:(NSString *)key {
    id old = [[self defaults] objectForKey:key];
    if ([old isKindOfClass:[NSString class]]) {
        old = [(NSString *)old dataUsingEncoding:NSUTF8StringEncoding];
    }
    if (![old isKindOfClass:[NSData class]]) {
        return nil;
    }
    [self setData:old forKey:key];
    return old;
}

- (NSUserDefaults *)defaults {
    return [[NSUserDefaults alloc] initWithSuiteName:self.group];
}

- (NSMutableDictionary *)itemForKey:(NSString *)key {
    NSMutableDictionary *item = [NSMutableDictionary dictionary];
    item[(__bridge id)kSecClass] = (__bridge id)kSecClassGenericPassword;
    item[(__bridge id)kSecAttrService] = self.group;
    item[(__bridge id)kSecAttrAccount] = key;
    item[(__bridge id)kSecAttrAccessGroup] = self.group;
«MAC»
    return item;
}

@end
"""

_OBJC_MAC = {
    "": "",
    "always": """\
#if TARGET_OS_OSX
    item[(__bridge id)kSecUseDataProtectionKeychain] = @YES;
#endif
""",
    "checked": """\
#if TARGET_OS_OSX
    if (@available(macOS 10.15, *)) {
        item[(__bridge id)kSecUseDataProtectionKeychain] = @YES;
    }
#endif
""",
}
