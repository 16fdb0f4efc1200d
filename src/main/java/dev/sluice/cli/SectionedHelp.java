package dev.sluice.cli;

import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Help with the options of a command in sections: the mixins whose names end with a colon, under
/// these names.
///
/// Sections of picocli's own, argument groups, forget what was given of a group once one of its
/// options comes a second time.
final class SectionedHelp extends Help {
    private final CommandSpec spec;

    SectionedHelp(CommandSpec spec, ColorScheme colors) {
        super(spec, colors);
        this.spec = spec;
    }

    @Override
    public String optionList() {
        List<OptionSpec> others = new ArrayList<>(spec.options());
        others.removeIf(OptionSpec::hidden);
        StringBuilder sections = new StringBuilder();
        for (Map.Entry<String, CommandSpec> mixin : spec.mixins().entrySet()) {
            if (mixin.getKey().endsWith(":")) {
                List<OptionSpec> options = mixin.getValue().options();
                others.removeAll(options);
                sections.append("%n%s%n".formatted(mixin.getKey()))
                        .append(optionListExcludingGroups(options));
            }
        }
        return optionListExcludingGroups(others) + sections;
    }
}
