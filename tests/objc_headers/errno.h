// The one error that fixes name; see Foundation.h.
#pragma once
#define EINVAL 22
