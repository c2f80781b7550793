#import <Foundation/Foundation.h>
#import "Letter.h"

@protocol HelperProtocol
- (void)runCommand:(NSString *)command inFolder:(NSString *)folder withReply:(void (^)(BOOL))reply;
- (void)deliver:(Letter *)letter withReply:(void (^)(BOOL))reply;
- (void)versionWithReply:(void (^)(NSString *))reply;
@end
