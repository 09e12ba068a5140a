/** What tests of several packages stand on. */
@NullMarked
package io.kapsel.testing;

import org.jspecify.annotations.NullMarked;
