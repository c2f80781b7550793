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

- (void)copyPassword {
    [[UIPasteboard generalPasteboard] setItems:@[ @{ UIPasteboardTypeAutomatic: self.password } ]
                                       options:@{ UIPasteboardOptionLocalOnly: @YES,
                                                  UIPasteboardOptionExpirationDate: [NSDate dateWithTimeIntervalSinceNow:60] }];
}

@end
