"""What can go wrong. The message of each is the library's own: one line that says what was expected and what came."""

__all__ = ["BadInput", "DeviceError", "FileError", "NablaRansacError"]


class NablaRansacError(Exception):
    """Everything of this package that can fail."""


class BadInput(NablaRansacError, ValueError):
    """Matches, cameras or options that no model can be estimated from."""


class FileError(NablaRansacError, OSError):
    """A file or database that cannot be read or written, or does not hold what it should."""


class DeviceError(NablaRansacError, RuntimeError):
    """No device, or one that failed or is too small."""


for _error in (NablaRansacError, BadInput, FileError, DeviceError):
    _error.__module__ = "nabla_ransac"
