// Declarations of our own; see Foundation/Foundation.h.
#pragma once
#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

typedef struct { CGFloat dx, dy; } CGVector;
typedef struct { CGFloat a, b, c, d, tx, ty; } CGAffineTransform;
typedef struct { CGFloat top, left, bottom, right; } UIEdgeInsets;

@interface NSCoder (UIGeometryKeyedCoding)
- (void)encodeCGPoint:(CGPoint)point forKey:(NSString *)key;
- (void)encodeCGVector:(CGVector)vector forKey:(NSString *)key;
- (void)encodeCGSize:(CGSize)size forKey:(NSString *)key;
- (void)encodeCGRect:(CGRect)rect forKey:(NSString *)key;
- (void)encodeCGAffineTransform:(CGAffineTransform)transform forKey:(NSString *)key;
- (void)encodeUIEdgeInsets:(UIEdgeInsets)insets forKey:(NSString *)key;
- (CGPoint)decodeCGPointForKey:(NSString *)key;
- (CGVector)decodeCGVectorForKey:(NSString *)key;
- (CGSize)decodeCGSizeForKey:(NSString *)key;
- (CGRect)decodeCGRectForKey:(NSString *)key;
- (CGAffineTransform)decodeCGAffineTransformForKey:(NSString *)key;
- (UIEdgeInsets)decodeUIEdgeInsetsForKey:(NSString *)key;
@end

@interface UIColor : NSObject <NSCopying, NSSecureCoding>
@end

@interface UIImage : NSObject <NSSecureCoding>
@end

@interface UIPasteboard : NSObject
@property (class, readonly) UIPasteboard *generalPasteboard;
- (void)setData:(NSData *)data forPasteboardType:(NSString *)type;
- (nullable NSData *)dataForPasteboardType:(NSString *)type;
@end

@interface UIView : NSObject <NSCoding>
@end

NS_ASSUME_NONNULL_END
