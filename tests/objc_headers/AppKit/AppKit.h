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

@interface NSResponder : NSObject
@end

@interface NSWindow : NSResponder
- (void)orderFront:(nullable id)sender;
@end

@interface NSView : NSResponder <NSCoding>
@property (nullable, readonly, assign) NSWindow *window;
@end

@interface NSTextField : NSView
@property (copy) NSString *stringValue;
@end

@interface NSViewController : NSResponder
@property (strong) NSView *view;
@end

@interface NSAlert : NSObject
+ (NSAlert *)alertWithError:(NSError *)error;
- (NSInteger)runModal;
@end

NS_ASSUME_NONNULL_END
