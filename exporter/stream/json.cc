#include "exporter/stream/json.h"
