package dev.sluice.wrong.util;

final class Helper {
    private Helper() {}
}
