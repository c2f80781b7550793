// Declarations of our own; see Foundation/Foundation.h.
#pragma once
#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

@interface NSColor : NSObject <NSCopying, NSSecureCoding>
@end

@interface NSImage : NSObject <NSCopying, NSSecureCoding>
@end

@interface NSPasteboard : NSObject
@property (class, readonly) NSPasteboard *generalPasteboard;
- (BOOL)setData:(nullable NSData *)data forType:(NSString *)type;
- (nullable NSData *)dataForType:(NSString *)type;
@end

@interface NSView : NSObject <NSCoding>
@end

NS_ASSUME_NONNULL_END
