package dev.sluice.chat;

import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.time.temporal.WeekFields;
import java.util.Locale;

/// Dates and times in the format of C's `strftime`, as Python has it on Linux: no locale, no zone.
/// Of glibc's extensions, only one flag before a directive: no widths, no `E` and `O`, no `#` but
/// for `%p`.
final class Strftime {
    private final ZonedDateTime time;

    private Strftime(ZonedDateTime time) {
        this.time = time;
    }

    static String format(Render render, String format, ZonedDateTime time) {
        return new Strftime(time).format(render, format);
    }

    private String format(Render render, String format) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            int start = i++;
            char flag = 0;
            while (i < format.length() - 1 && "-_0^#".indexOf(format.charAt(i)) >= 0) {
                flag = format.charAt(i++);
            }
            String field = field(format.charAt(i), flag);
            String piece =
                    field.isEmpty() && isUnknown(format.charAt(i))
                            ? format.substring(start, i + 1)
                            : field;
            render.produce(piece.length());
            out.append(flag == '^' ? piece.toUpperCase(Locale.ROOT) : piece);
        }
        return out.toString();
    }

    private static boolean isUnknown(char directive) {
        return "zZ".indexOf(directive) < 0;
    }

    private String field(char directive, char flag) {
        return switch (directive) {
            case 'a' -> time.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'A' -> time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b', 'h' -> time.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'B' -> time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'c' -> compose('a', ' ', 'b', ' ', 'e', ' ', 'T', ' ', 'Y');
            case 'D', 'x' -> compose('m', '/', 'd', '/', 'y');
            case 'F' -> compose('Y', '-', 'm', '-', 'd');
            case 'R' -> compose('H', ':', 'M');
            case 'T', 'X' -> compose('H', ':', 'M', ':', 'S');
            case 'r' -> compose('I', ':', 'M', ':', 'S', ' ', 'p');
            case 'n' -> "\n";
            case 't' -> "\t";
            case '%' -> "%";
            case 'p' -> meridiem(flag == '#');
            case 'P' -> meridiem(true);
            case 'f' -> number(time.getNano() / 1000, 6, '0', (char) 0);
            case 's' -> Long.toString(time.toEpochSecond());
            case 'e', 'k', 'l' -> number(value(directive), 2, ' ', flag);
            default -> {
                int width = width(directive);
                yield width == 0 ? "" : number(value(directive), width, '0', flag);
            }
        };
    }

    private String compose(char... parts) {
        StringBuilder out = new StringBuilder();
        for (char part : parts) {
            out.append(Character.isLetter(part) ? field(part, (char) 0) : String.valueOf(part));
        }
        return out.toString();
    }

    private String meridiem(boolean lower) {
        String upper = time.getHour() < 12 ? "AM" : "PM";
        return lower ? upper.toLowerCase(Locale.ROOT) : upper;
    }

    private static int width(char directive) {
        return switch (directive) {
            case 'C', 'd', 'g', 'H', 'I', 'm', 'M', 'S', 'U', 'V', 'W', 'y' -> 2;
            case 'j' -> 3;
            case 'u', 'w', 'Y' -> 1;
            case 'G' -> 4;
            default -> 0;
        };
    }

    private int value(char directive) {
        return switch (directive) {
            case 'C' -> time.getYear() / 100;
            case 'd', 'e' -> time.getDayOfMonth();
            case 'g' -> time.get(IsoFields.WEEK_BASED_YEAR) % 100;
            case 'G' -> time.get(IsoFields.WEEK_BASED_YEAR);
            case 'H', 'k' -> time.getHour();
            case 'I', 'l' -> time.get(ChronoField.CLOCK_HOUR_OF_AMPM);
            case 'j' -> time.getDayOfYear();
            case 'm' -> time.getMonthValue();
            case 'M' -> time.getMinute();
            case 'S' -> time.getSecond();
            case 'u' -> time.getDayOfWeek().getValue();
            case 'U' -> time.get(WeekFields.of(java.time.DayOfWeek.SUNDAY, 7).weekOfYear());
            case 'V' -> time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR);
            case 'w' -> time.getDayOfWeek().getValue() % 7;
            case 'W' -> time.get(WeekFields.of(java.time.DayOfWeek.MONDAY, 7).weekOfYear());
            case 'y' -> time.getYear() % 100;
            case 'Y' -> time.getYear();
            default -> throw new IllegalStateException("no number for %" + directive);
        };
    }

    private static String number(int value, int width, char fill, char flag) {
        String digits = Integer.toString(value);
        if (flag == '-') {
            return digits;
        }
        char padding = flag == '_' ? ' ' : flag == '0' ? '0' : fill;
        return String.valueOf(padding).repeat(Math.max(0, width - digits.length())) + digits;
    }
}
