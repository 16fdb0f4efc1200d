/// Has a real model write texts of forms that people use, and sees whether they have them:
/// `bench/guided`.
///
/// [Generations] is the run, [SchemaSample] chooses schemas, [SchemaCheck] is the independent
/// validator. Not part of the product: compiled with the tests.
@NullMarked
package dev.sluice.guided;

import org.jspecify.annotations.NullMarked;
