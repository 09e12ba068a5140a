/**
 * What a run is and what it came to, as data. {@code Run.play(scenario, trace)} is a pure function
 * of the scenario and the sources: equal scenarios give equal {@link
 * io.kapsel.simulation.scenario.Result#hash()}, whether or not somebody reads the trace. One run at
 * a time in a JVM that was started with the agent; one JVM for each core.
 *
 * <ul>
 *   <li>A {@link io.kapsel.simulation.scenario.Scenario} has a seed, a profile and overrides. What
 *       it leaves open the seed decides: options by the one table {@link
 *       io.kapsel.simulation.scenario.Option}, the plan by the planner.
 *   <li>To shrink: take {@code result.plan()}, remove faults ({@code plan.keeping}), play {@code
 *       scenario.with(plan)}; then smaller options ({@code scenario.with("webhooks", "3")}, {@code
 *       load.seconds}, {@code endpoints}, {@code operator.orders}, {@code nodes}), {@code
 *       interleaving} {@code FIFO}. Randomness is keyed: what stays keeps its draws. A smaller run
 *       counts when the same invariant of the same severity is broken. Only the faults in {@code
 *       result.faults()} have happened; the others can go at once.
 *   <li>Everything in a scenario is strings, numbers and enums, so that Jackson reads and writes it
 *       as it is.
 *   <li>{@link io.kapsel.simulation.scenario.Observation}s are what was seen from outside, in the
 *       order of virtual time, at most 300,000; causes of a {@link
 *       io.kapsel.simulation.scenario.Violation} are indices into them (and may lie beyond the ones
 *       that were kept). Lanes: senders ({@code Requested}, {@code Answered}, {@code Unanswered}),
 *       nodes ({@code NodeBooted} to {@code NodeCrashed} or {@code NodeExited}), owners ({@code
 *       EndpointStarted}, {@code EndpointStopped}; a node that dies stops silently), circuits
 *       ({@code CircuitChanged}; an open circuit is half open from {@code openUntilMillis} on, in
 *       milliseconds since 1970 by the clock of its node), destinations ({@code AttemptSent},
 *       {@code AttemptSeen}, {@code AttemptEnded}), journal ({@code Journaled}, {@code
 *       JournalRefused}), operators, faults ({@code FaultBegan} and, for those that last, {@code
 *       FaultEnded} of the same id).
 *   <li>A webhook of a sender has a short name ({@code w12}); its repetitions are {@code w12-again}
 *       and {@code w12-other}. One name may have got several identifiers ({@code evt_…}) if its
 *       sender had to repeat it.
 *   <li>Profile {@code DESTINATION}: one endpoint {@code e1} with the options {@code retry.*},
 *       {@code circuit.*}, {@code delivery.*} as its policy, {@code webhooks} spread over {@code
 *       load.seconds}, and a destination that is down from {@code destination.down.after.seconds}
 *       for {@code destination.down.seconds}.
 * </ul>
 */
@NullMarked
package io.kapsel.simulation.scenario;

import org.jspecify.annotations.NullMarked;
