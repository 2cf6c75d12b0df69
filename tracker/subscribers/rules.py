"""What a subscription is: words that its columns may hold."""

# Why a price was agreed for a time: a discount (优惠期), or a contract (合约期).
AGREEMENTS = ("discount", "contract")
# Where a subscription came from: an order that was completed, or the operator's own records.
SOURCES = ("order", "import")
