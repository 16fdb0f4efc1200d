package dev.sluice.wrong.chat;

import tools.jackson.databind.JsonNode;

record UsesJackson(JsonNode node) {}
