package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.State;
import java.lang.reflect.RecordComponent;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Says in which parts two states differ. */
final class Differences {
  private Differences() {}

  static String between(@Nullable State one, @Nullable State other) {
    StringBuilder text = new StringBuilder();
    for (RecordComponent part : State.class.getRecordComponents()) {
      try {
        Object a = part.getAccessor().invoke(one);
        Object b = part.getAccessor().invoke(other);
        if (!Objects.equals(a, b)) text.append(text.isEmpty() ? "" : ", ").append(part.getName());
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }
    return text.toString();
  }
}
