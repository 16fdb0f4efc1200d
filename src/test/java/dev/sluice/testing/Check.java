package dev.sluice.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Names the acceptance checks that an integration test shows, by their numbers in
/// `acceptance/checks.txt` of the tests' resources.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Check {
    /// The numbers.
    int[] value();
}
