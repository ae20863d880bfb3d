"""What is frozen, and how a frozen thing is compared, corrected, published and checked."""

from equalcities.release.compare import Comparison
from equalcities.release.corrections import Correction
from equalcities.release.freeze import Order
from equalcities.release.record import Record
from equalcities.release.versions import ReleaseError

__all__ = ["Comparison", "Correction", "Order", "Record", "ReleaseError"]
