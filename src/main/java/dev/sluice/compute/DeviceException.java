package dev.sluice.compute;

/// A device could not do what it was asked: out of memory, a failed launch, a lost device.
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean deviceLost;

    /// A device failed in the way that the message says.
    public DeviceException(String message) {
        super(message);
        this.deviceLost = false;
    }

    /// The same, with what went wrong underneath.
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
        this.deviceLost = false;
    }

    private DeviceException(String message, boolean deviceLost) {
        super(message);
        this.deviceLost = deviceLost;
    }

    /// A failure after which the device can't be used any more by this process: every later call
    /// fails too.
    public static DeviceException lost(String message) {
        return new DeviceException(message, true);
    }

    /// Whether the device can't be used any more by this process.
    public boolean deviceLost() {
        return deviceLost;
    }
}
