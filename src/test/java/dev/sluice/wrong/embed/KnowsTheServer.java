package dev.sluice.wrong.embed;

import dev.sluice.wrong.server.Handler;

record KnowsTheServer(Handler handler) {}
