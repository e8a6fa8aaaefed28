"""What two or more Lambda functions share."""
