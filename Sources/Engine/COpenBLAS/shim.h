/// OpenBLAS' `cblas.h`: the standard CBLAS calls and OpenBLAS' own for threads and version.
#include <cblas.h>
