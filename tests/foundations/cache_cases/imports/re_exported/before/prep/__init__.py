from prep.implementation import clean
