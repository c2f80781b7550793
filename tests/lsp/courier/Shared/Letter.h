#import <Foundation/Foundation.h>

@interface Letter : NSObject
@property (nonatomic, copy) NSString *title;
@end
