package dev.sluice.wrong.bus;

import dev.sluice.wrong.server.Handler;

record KnowsTheServer(Handler handler) {}
