package io.kapsel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.secrets.Keyring;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;

/** Keys in a file that only its owner reads, one a line, the current one first. */
record KeyFile(Path path) {
  boolean exists() {
    return Files.exists(path);
  }

  /** Fails with {@code E4004} when a start would. */
  Keyring read() throws StartFailed {
    try {
      return Keyring.parse(text());
    } catch (IllegalArgumentException unusable) {
      throw refused(String.valueOf(unusable.getMessage()));
    }
  }

  List<String> lines() throws StartFailed {
    return Arrays.stream(text().split("[,\\s]+", -1)).filter(line -> !line.isEmpty()).toList();
  }

  private String text() throws StartFailed {
    try {
      if (Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_READ))
        throw refused("may be read by everybody; make it mode 0400");
      String text = Files.readString(path);
      if (text.isBlank()) throw refused("is empty; restore it from a copy");
      return text;
    } catch (IOException unreadable) {
      throw refused("cannot be read");
    }
  }

  /** After this the file is complete and on disk; if it fails, it is as it was. */
  void write(List<String> keys) throws StartFailed {
    Path file = path.toAbsolutePath();
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.deleteIfExists(draft);
      Files.createFile(
          draft,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.wrap((String.join("\n", keys) + "\n").getBytes(UTF_8)));
        channel.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
      try (FileChannel directory = FileChannel.open(file.resolveSibling("."))) {
        directory.force(true);
      }
    } catch (IOException failed) {
      throw refused("cannot be written: " + failed.getMessage());
    }
  }

  private StartFailed refused(String detail) {
    return StartFailed.misconfigured(ErrorCode.CONFIG_SECRET, path + " " + detail);
  }
}
