#include "cgroupfs/tree/layout.h"
