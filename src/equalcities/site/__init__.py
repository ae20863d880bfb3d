"""Pages made from data: dataset pages, the ledger, the status page; and how figures render."""
