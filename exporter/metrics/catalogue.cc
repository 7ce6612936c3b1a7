#include "exporter/metrics/catalogue.h"

#include "exporter/metrics/text.h"
