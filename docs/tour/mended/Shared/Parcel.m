#import "Parcel.h"

@implementation Parcel

+ (BOOL)supportsSecureCoding {
    return YES;
}

- (instancetype)initWithCoder:(NSCoder *)coder {
    self = [super init];
    if (self) {
        NSSet *strings = [NSSet setWithObjects:[NSArray class], [NSString class], nil];
        _title = [coder decodeObjectOfClass:[NSString class] forKey:@"title"];
        _stops = [coder decodeObjectOfClasses:strings forKey:@"stops"];
        _weight = [coder decodeIntegerForKey:@"weight"];
    }
    return self;
}

- (void)encodeWithCoder:(NSCoder *)coder {
    [coder encodeObject:self.title forKey:@"title"];
    [coder encodeObject:self.stops forKey:@"stops"];
    [coder encodeInteger:self.weight forKey:@"weight"];
}

@end
