#import <UIKit/UIKit.h>
#import "Parcel.h"

@interface ShareViewController : UIViewController
@property (nonatomic, copy) NSString *password;
@end

@implementation ShareViewController

- (void)finish {
    NSUserDefaults *shared = [[NSUserDefaults alloc] initWithSuiteName:@"group.com.example.courier"];
    [shared setObject:@YES forKey:@"hasNews"];
    [self.extensionContext completeRequestReturningItems:@[] completionHandler:nil];
}

- (void)handOverPassword {
    [UIPasteboard generalPasteboard].string = self.password;
}

@end
