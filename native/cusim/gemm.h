// Column-major matrix products on the CPU, in float32.
#pragma once

#include <stddef.h>

namespace cusim {

enum class Element { FLOAT32, FLOAT16, BFLOAT16 };

size_t elementSize(Element element);

struct Operand {
    const void *data;
    Element element;
    int leading;
    bool transposed;
};

struct Product {
    int m, n, k;
    float alpha, beta;
    Operand a, b;
    void *c;
    Element elementC;
    int leadingC;
};

// c[m, n] = alpha * op(a)[m, k] * op(b)[k, n] + beta * c. Each sum is made of sixteen partial sums in the order
// of k, whatever m, n and the machine are; c is not read where beta is 0.
void multiply(const Product &product);

}  // namespace cusim
