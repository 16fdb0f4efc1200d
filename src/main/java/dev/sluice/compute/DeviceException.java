package dev.sluice.compute;

/// A device could not do what it was asked: out of memory, a failed launch, a lost device.
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// A device failed in the way that the message says.
    public DeviceException(String message) {
        super(message);
    }

    /// The same, with what went wrong underneath.
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
