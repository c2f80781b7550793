#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

@interface Parcel : NSObject <NSCoding>

@property (nonatomic, copy) NSString *title;
@property (nonatomic, copy) NSArray<NSString *> *stops;
@property (nonatomic) NSInteger weight;

@end

NS_ASSUME_NONNULL_END
