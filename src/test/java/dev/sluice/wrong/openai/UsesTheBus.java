package dev.sluice.wrong.openai;

import io.vertx.core.eventbus.EventBus;

record UsesTheBus(EventBus bus) {}
