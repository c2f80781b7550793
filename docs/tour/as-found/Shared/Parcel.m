#import "Parcel.h"

@implementation Parcel

- (instancetype)initWithCoder:(NSCoder *)coder {
    self = [super init];
    if (self) {
        _title = [coder decodeObjectForKey:@"title"];
        _stops = [coder decodeObjectForKey:@"stops"];
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
