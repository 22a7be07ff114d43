"""kloutspark: an open influence score, from what people did to each other's posts to one number a person and day."""
