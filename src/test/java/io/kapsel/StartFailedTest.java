package io.kapsel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import org.junit.jupiter.api.Test;

final class StartFailedTest {
  @Test
  void says_what_is_wrong_with_a_file_and_not_only_which() {
    assertEquals(
        "Kapsel cannot start: no permission for /data; --data chooses another directory",
        StartFailed.because(new AccessDeniedException("/data")).getMessage());
    assertEquals(
        "Kapsel cannot start: java.nio.file.FileAlreadyExistsException: /data",
        StartFailed.because(new FileAlreadyExistsException("/data")).getMessage());
  }

  @Test
  void repeats_what_others_say() {
    assertEquals(
        "Kapsel cannot start: the disk is full",
        StartFailed.because(new IllegalStateException("the disk is full")).getMessage());
  }
}
