"""A folder from which a server without a network installs one bundle and what it needs."""

from targeting.deploy.package import Package, PackageReport, write_package

__all__ = ("Package", "PackageReport", "write_package")
