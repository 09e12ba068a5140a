package io.kapsel.simulation.world;

import akka.actor.ActorPath;
import akka.actor.ActorRef;
import akka.actor.RootActorPath;
import akka.dispatch.Envelope;
import akka.dispatch.Mailbox;
import akka.dispatch.QueueBasedMessageQueue;
import akka.dispatch.TaskInvocation;

/**
 * Something that can run now: one message of one mailbox, a future's callback, a frame off the
 * network, an answer of the database.
 */
final class Task {
  final Node node;
  final String where;
  final Runnable work;
  final long sequence;
  final long readyAtNanos;

  /** Tasks of the same actor, or of the same place outside actors, share a strand. */
  final long strand;

  Task(Node node, String where, Runnable work, long sequence, long readyAtNanos) {
    this.node = node;
    this.where = where;
    this.work = work;
    this.sequence = sequence;
    this.readyAtNanos = readyAtNanos;
    this.strand =
        work instanceof Mailbox mailbox && mailbox.actor() != null
            ? hash(mailbox.actor().self().path())
            : where.hashCode();
  }

  /** What it is about, for the trace's hash; cheap. */
  long detailHash() {
    return Names.hash(subject().getClass());
  }

  /** What it is about, for a reader. */
  String describe() {
    Object subject = subject();
    String type = Names.simple(subject.getClass());
    if (work instanceof Mailbox mailbox) {
      ActorRef self = mailbox.actor() == null ? ActorRef.noSender() : mailbox.actor().self();
      String actor =
          self == null ? "?" : self.path().toStringWithoutAddress() + "#" + self.path().uid();
      return actor + " <- " + type;
    }
    return subject.equals(work) ? where : where + " " + type;
  }

  private Object subject() {
    if (work instanceof Mailbox mailbox) {
      Object system = mailbox.systemQueueGet();
      if (system != null) return system;
      if (mailbox.messageQueue() instanceof QueueBasedMessageQueue queue) {
        Envelope envelope = queue.queue().peek();
        if (envelope != null) return envelope.message();
      }
      return work;
    }
    return work instanceof TaskInvocation invocation ? invocation.runnable() : work;
  }

  /** Walks names instead of building the path's text: this runs once for every task. */
  private static long hash(ActorPath path) {
    long h = path.uid();
    for (ActorPath p = path; !(p instanceof RootActorPath); p = p.parent()) {
      h = h * 31 + p.name().hashCode();
    }
    return Randomness.mix(h);
  }
}
