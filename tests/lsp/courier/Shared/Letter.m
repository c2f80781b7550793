#import "Letter.h"

@implementation Letter
@end
