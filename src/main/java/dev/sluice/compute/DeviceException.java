package dev.sluice.compute;

/// A device could not do what it was asked: out of memory, a failed launch, a lost device.
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public DeviceException(String message) {
        super(message);
    }

    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
