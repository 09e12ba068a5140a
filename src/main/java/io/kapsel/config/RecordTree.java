package io.kapsel.config;

import io.kapsel.core.webhook.Secret;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A record of records as a tree of settings: its knobs by path, and its construction from values.
 */
final class RecordTree<T> {
  private final Class<T> type;
  private final String root;
  private final Map<String, Knob> knobs = new LinkedHashMap<>();

  RecordTree(Class<T> type, String root) {
    this.type = type;
    this.root = root;
    collect(type, root);
  }

  private void collect(Class<?> record, String path) {
    for (RecordComponent component : record.getRecordComponents()) {
      if (isSection(component)) {
        collect(component.getType(), section(path, component));
      } else {
        var knob = new Knob(path, component);
        knobs.put(knob.path(), knob);
      }
    }
  }

  private static boolean isSection(RecordComponent component) {
    Class<?> type = component.getType();
    return type.isRecord() && type != Secret.class && Knob.parser(type).isEmpty();
  }

  private static String section(String path, RecordComponent component) {
    return path + "." + Knob.kebab(component.getName());
  }

  /** In the order of the records. */
  Map<String, Knob> knobs() {
    return knobs;
  }

  /**
   * @param values by path, one for every knob
   * @throws IllegalArgumentException when a record refuses a combination of values; each line of
   *     the message starts with the path of its section
   */
  T build(Map<String, Object> values) {
    return type.cast(build(type, root, values));
  }

  private Object build(Class<?> record, String path, Map<String, Object> values) {
    Object[] arguments =
        Arrays.stream(record.getRecordComponents())
            .map(
                component ->
                    isSection(component)
                        ? build(component.getType(), section(path, component), values)
                        : values.get(new Knob(path, component).path()))
            .toArray();
    try {
      return canonical(record).newInstance(arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException refused)
        throw new IllegalArgumentException(
            String.valueOf(refused.getMessage())
                .lines()
                .map(line -> path + ": " + line)
                .collect(Collectors.joining("\n")),
            refused);
      throw new IllegalStateException(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Constructor<?> canonical(Class<?> record) throws NoSuchMethodException {
    List<Class<?>> types =
        Arrays.stream(record.getRecordComponents())
            .<Class<?>>map(RecordComponent::getType)
            .toList();
    Constructor<?> constructor = record.getDeclaredConstructor(types.toArray(Class<?>[]::new));
    constructor.setAccessible(true);
    return constructor;
  }
}
