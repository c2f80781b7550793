#import "HelperProtocol.h"

@interface Legacy : NSObject
@end

@implementation Legacy
- (void)ask:(id<HelperProtocol>)helper {
    /* 😀 */ [helper runCommand:@"ls" inFolder:@"/" withReply:^(BOOL done) {}];
}
@end
