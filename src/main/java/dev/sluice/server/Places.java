package dev.sluice.server;

import dev.sluice.engine.ApiException;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;

/// The places for generations of one server: so many in all, and of them so many that may go on
/// while the others wait for their turn, first come, first served. Safe for use by several threads.
final class Places {
    private static final int RETRY_AFTER_SECONDS = 1;

    private final Vertx vertx;
    private final AdmissionOptions options;

    // All guarded by this: places are taken and given back on all event loops.
    private final Deque<Place> waiting = new ArrayDeque<>();
    private int taken;
    private int active;

    Places(Vertx vertx, AdmissionOptions options) {
        this.vertx = vertx;
        this.options = options;
    }

    /// Takes a place. Whoever got it gives it back once.
    ///
    /// @throws ApiException.Overloaded if none is free
    Place take() {
        synchronized (this) {
            if (taken < options.maxConcurrency()) {
                taken++;
                return new Place();
            }
        }
        throw new ApiException.Overloaded(
                "Too many requests,current max concurrency is " + options.maxConcurrency(),
                RETRY_AFTER_SECONDS);
    }

    /// A place, and its turn. Used on one event loop.
    final class Place {
        private final Promise<Void> turn = Promise.promise();
        private final Context context = vertx.getOrCreateContext();
        private OptionalLong timer = OptionalLong.empty();
        private boolean isActive;
        private boolean isOver;

        private Place() {}

        /// Completes, on the context that took the place, when it is its turn.
        ///
        /// @return fails with [ApiException.WaitedTooLong] if that took too long
        Future<Void> turn() {
            synchronized (Places.this) {
                if (active < options.maxActive()) {
                    activate(this);
                    return Future.succeededFuture();
                }
                waiting.add(this);
            }
            options.maxWaiting().ifPresent(this::limit);
            return turn.future();
        }

        private void limit(Duration patience) {
            timer =
                    OptionalLong.of(
                            vertx.setTimer(Math.max(1, patience.toMillis()), _ -> giveUp()));
        }

        private void giveUp() {
            synchronized (Places.this) {
                if (!waiting.remove(this)) {
                    return;
                }
            }
            turn.fail(
                    new ApiException.WaitedTooLong(
                            "No place became free within the time that requests may wait"
                                    + " (--max-waiting-time)."));
        }

        /// Gives the place back, so that the next one has its turn. Idempotent.
        void giveBack() {
            timer.ifPresent(vertx::cancelTimer);
            synchronized (Places.this) {
                if (isOver) {
                    return;
                }
                isOver = true;
                taken--;
                waiting.remove(this);
                if (isActive) {
                    active--;
                    letGo();
                }
            }
        }
    }

    private void activate(Place place) {
        active++;
        place.isActive = true;
    }

    private void letGo() {
        Place next = waiting.poll();
        if (next != null) {
            activate(next);
            next.context.runOnContext(_ -> next.turn.tryComplete());
        }
    }
}
