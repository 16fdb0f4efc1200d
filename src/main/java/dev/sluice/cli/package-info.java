/// The commands of the terminal.
///
/// Main types: `Main`, `ServeCommand`, `ChatCommand`, `GenerateCommand`, `BenchCommand`,
/// `PullCommand`, `DoctorCommand`. May import: every room, picocli, Vert.x. The only room that
/// writes to the standard streams.
@NullMarked
package dev.sluice.cli;

import org.jspecify.annotations.NullMarked;
